// expect: baton: slot Retry is filled twice; keep one Retry<...>
#include <baton/baton.hpp>

baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>,
                    baton::Retry<baton::Never>>* chat = nullptr;
static_assert(sizeof *chat > 0);
