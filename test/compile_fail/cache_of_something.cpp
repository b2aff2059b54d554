// expect: baton: the strategies of Cache<...> must be known ones
#include <baton/baton.hpp>
struct Bogus {};
using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Cache<Bogus>>;
void make(const boost::asio::any_io_executor& executor) { Chat chat(executor); }
