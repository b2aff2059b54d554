// expect: baton: the argument of Provider<...> is not a Wire
#include <baton/baton.hpp>

struct NoWire {};
baton::Orchestrator<baton::Provider<NoWire>>* chat = nullptr;
static_assert(sizeof *chat > 0);
