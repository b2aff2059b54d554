// expect: baton: the strategy of Deadline<...> is not a DeadlineStrategy
#include <baton/baton.hpp>
struct Bogus {};
using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Deadline<Bogus>>;
void make(const boost::asio::any_io_executor& executor) { Chat chat(executor); }
