// expect: baton: the strategy of Breaker<...> is not a BreakerStrategy
#include <baton/baton.hpp>

struct Fuse {};
baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Breaker<Fuse>>* chat = nullptr;
static_assert(sizeof *chat > 0);
