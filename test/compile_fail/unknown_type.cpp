// expect: baton: every argument of Orchestrator<...> must be a policy
#include <baton/baton.hpp>

baton::Orchestrator<baton::Provider<baton::OpenAI>, int>* chat = nullptr;
static_assert(sizeof *chat > 0);
