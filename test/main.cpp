// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The main function of every test executable (see meson.build).
#include <boost/test/unit_test.hpp>

int main(int argc, char* argv[]) {
    return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
