// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The main function of a test executable made of several files (see meson.build). Each of those files says
// BOOST_TEST_MODULE, so that it also works alone; here Boost.Test is included before them and takes no
// notice.
#include <boost/test/unit_test.hpp>

int main(int argc, char* argv[]) {
    return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
