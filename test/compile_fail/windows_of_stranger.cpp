// expect: context_windows<P>(...) names a provider that is not in the composition
#include <baton/baton.hpp>

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>>;
Chat make(boost::asio::any_io_executor executor) {
    return Chat(executor, baton::context_windows<baton::Gemini>({{"gemini-2.5-flash", 1'048'576}}));
}
