// expect: baton: on<P>(...) names a provider that is not in the composition
#include <baton/baton.hpp>

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>>;
void make(boost::asio::any_io_executor executor) {
    Chat chat{executor, baton::on<baton::Anthropic>(baton::ExpBackoff::Options{})};
}
