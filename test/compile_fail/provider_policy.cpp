// expect: baton: a provider may carry its own Retry<...> and Breaker<...>
#include <baton/baton.hpp>

baton::Orchestrator<baton::Provider<baton::OpenAI, baton::Cache<baton::ExactMatch>>>* chat = nullptr;
static_assert(sizeof *chat > 0);
