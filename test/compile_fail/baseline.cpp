// expect: compiles
// The flags of these tests compile a plain user of baton, so a file that fails does so for its own reason.
#include <baton/core/config.hpp>

template <class T>
constexpr bool holds = sizeof(T) > 0;

template <class T>
int use() {
    static_assert(holds<T>, "the must-not-compile tests see sentences inside templates");
    return static_cast<int>(sizeof(T));
}

int main() { return use<int>() - BATON_VERSION; }
