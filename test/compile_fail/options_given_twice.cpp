// expect: baton: two arguments of one type; the second would be lost
#include <baton/baton.hpp>
using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>>;
void make(const boost::asio::any_io_executor& executor) {
    Chat chat(executor, baton::ExpBackoff::Options{}, baton::ExpBackoff::Options{.max_retries = 5});
}
