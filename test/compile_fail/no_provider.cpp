// expect: baton: an Orchestrator needs at least one Provider<...>
#include <baton/baton.hpp>

baton::Orchestrator<baton::Retry<>>* chat = nullptr;
static_assert(sizeof *chat > 0);
