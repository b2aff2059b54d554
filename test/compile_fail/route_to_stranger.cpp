// expect: baton: to<P>(...) in a route row names a provider that is not in the composition
#include <baton/baton.hpp>

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Route<baton::ByTask>>;
void make(boost::asio::any_io_executor executor) {
    Chat chat{executor, baton::ByTask{baton::row("chat", baton::to<baton::Anthropic>("claude-haiku-4-5"))}};
}
