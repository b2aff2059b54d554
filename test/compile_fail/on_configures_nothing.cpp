// expect: baton: on<P>(...) takes the wire's Options or Credentials and what configures the provider's own
// policies
#include <baton/baton.hpp>
using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>>;
void make(const boost::asio::any_io_executor& executor) {
    Chat chat(executor, baton::on<baton::OpenAI>(baton::ExpBackoff::Options{.max_retries = 5}));
}
