// expect: compiles
#include <baton/baton.hpp>

baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<>, baton::Breaker<>, baton::Route<>,
                    baton::Cache<baton::ExactMatch>>* chat = nullptr;
static_assert(sizeof *chat == sizeof(void*));
