// expect: baton: the strategy of Transport<...> needs a template Socket<Executor>
#include <baton/baton.hpp>
struct Bogus {};
using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Transport<Bogus>>;
void make(const boost::asio::any_io_executor& executor) { Chat chat(executor); }
