// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The separately compiled part of a program: baton's, Asio's and Beast's functions that are not templates.
// BATON_SEPARATE_COMPILATION, BOOST_ASIO_SEPARATE_COMPILATION and BOOST_BEAST_SEPARATE_COMPILATION are
// defined here and in every other file of the program.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>

#if defined(BATON_COMPILE_TESTING)
#include <baton/testing/src.hpp>
#else
#include <baton/src.hpp>
#endif
