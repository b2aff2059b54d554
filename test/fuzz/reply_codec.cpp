// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: any bytes are safe to unpack, and what is accepted has one form only.

#include <baton/core/reply_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    baton::Reply reply;
    int provider = -1;
    if (!baton::unpack(bytes, reply, &provider)) return 0;
    std::string again;
    baton::pack(reply, again, provider);
    if (again != bytes) {
        std::fputs("accepted bytes that pack() does not write\n", stderr);
        std::abort();
    }
    return 0;
}
