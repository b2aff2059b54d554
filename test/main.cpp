// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The main function of every test executable (see meson.build).
#include <boost/test/unit_test.hpp>

#include "support/part.hpp"

#include <iostream>

int main(int argc, char* argv[]) {
    if (baton::test::one_in > 1)
        std::cout << "AddressSanitizer: of the longest tests one in " << baton::test::one_in
                  << " rounds is done\n";
    return boost::unit_test::unit_test_main([] { return true; }, argc, argv);
}
