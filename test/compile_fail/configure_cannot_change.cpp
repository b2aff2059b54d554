// expect: baton: configure() changes wires' Options, endpoints, route tables, limits and the
#include <baton/baton.hpp>
using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>>;
void change(Chat& chat) { chat.configure(baton::ExpBackoff::Options{.max_retries = 3}); }
