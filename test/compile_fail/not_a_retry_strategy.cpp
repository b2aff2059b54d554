// expect: baton: the strategy of Retry<...> is not a RetryStrategy
#include <baton/baton.hpp>

struct Optimist {};
baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<Optimist>>* chat = nullptr;
static_assert(sizeof *chat > 0);
