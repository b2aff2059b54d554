// expect: baton: a target of this row cannot do what the row needs<...>
#include <baton/baton.hpp>
auto table = baton::ByTask{baton::row("agent", baton::to<baton::OpenAI>(), baton::to<baton::Perplexity>())
                               .needs<&baton::Capabilities::tools>()};
