// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: any bytes are safe to unpack, and what is accepted has one form only. Bytes at random are
// refused at the first word, so the input also makes a Reply, which has to come back, and changes its packed
// form.

#include <baton/core/reply_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

/// Whether `bytes` are accepted; if they are, they are what pack() writes.
bool unpack_or_refuse(std::string_view bytes, baton::Reply& reply) {
    int provider = -1;
    if (!baton::unpack(bytes, reply, &provider)) {
        if (!reply.parts.empty() || !reply.id.empty() || provider != -1)
            fail("something of refused bytes is kept");
        return false;
    }
    std::string again;
    baton::pack(reply, again, provider);
    if (again != bytes) fail("accepted bytes that pack() does not write");
    return true;
}

/// The input, taken from its front.
class Source {
public:
    explicit Source(std::string_view bytes) : left_(bytes) {}
    bool empty() const { return left_.empty(); }
    unsigned byte() {
        if (left_.empty()) return 0;
        const auto value = static_cast<unsigned char>(left_.front());
        left_.remove_prefix(1);
        return value;
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned size = byte() % 9; size > 0; --size) value = value << 8 | byte();
        return value;
    }
    std::string text() {
        const std::size_t size = byte() % 40; // longer than a string that is kept in place
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(taken.size());
        return std::string(taken);
    }

private:
    std::string_view left_;
};

baton::Reply made_of(Source& source) {
    using baton::Part;
    baton::Reply reply;
    reply.stop =
        static_cast<baton::StopReason>(source.byte() % (static_cast<unsigned>(baton::StopReason::pause) + 1));
    reply.id = source.text();
    reply.model = source.text();
    reply.stop_text = source.text();
    reply.usage.input_tokens = source.number();
    reply.usage.cached_input_tokens = source.number();
    reply.usage.output_tokens = source.number();
    const unsigned flags = source.byte();
    reply.usage.reported = (flags & 1) != 0;
    reply.usage.estimated = (flags & 2) != 0;
    for (unsigned parts = source.byte() % 6; parts > 0; --parts) {
        Part& part = reply.parts.emplace_back();
        const unsigned mark = source.byte();
        part.kind = static_cast<Part::Kind>(mark % (static_cast<unsigned>(Part::Kind::opaque) + 1));
        part.text = source.text();
        if ((mark & 0x80) == 0) continue;
        Part::Detail& detail = part.detail.ensure();
        detail.is_error = (mark & 0x40) != 0;
        detail.id = source.text();
        detail.name = source.text();
        detail.media_type = source.text();
        detail.signature = source.text();
        detail.vendor = source.text();
        detail.extra = source.text();
    }
    reply.seal();
    return reply;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    baton::Reply got;
    unpack_or_refuse(input, got);

    Source source(input);
    const int provider = static_cast<int>(source.byte()) - 1;
    const baton::Reply reply = made_of(source);
    std::string packed;
    baton::pack(reply, packed, provider);
    if (packed.size() != baton::packed_size(reply, provider)) fail("another size than was said");
    int index = -1;
    if (!baton::unpack(packed, got, &index)) fail("a packed reply is refused");
    if (index != provider || got.text() != reply.text() || got.id != reply.id || got.model != reply.model ||
        got.stop != reply.stop || got.parts.size() != reply.parts.size())
        fail("another reply comes back");

    // cut, and with other bytes, as a broken store gives it
    unpack_or_refuse(std::string_view(packed).substr(0, source.number() % packed.size()), got);
    while (!source.empty()) {
        const std::size_t at = (source.byte() << 8 | source.byte()) % packed.size();
        packed[at] = static_cast<char>(source.byte());
        unpack_or_refuse(packed, got);
    }
    return 0;
}
