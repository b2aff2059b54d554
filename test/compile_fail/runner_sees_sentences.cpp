// expect: the must-not-compile tests see sentences inside templates
// baseline.cpp with one thing changed: shows that the runner's flags instantiate templates at all.
#include <baton/core/config.hpp>

template <class T>
constexpr bool holds = sizeof(T) > 1000;

template <class T>
int use() {
    static_assert(holds<T>, "the must-not-compile tests see sentences inside templates");
    return static_cast<int>(sizeof(T));
}

int main() { return use<int>() - BATON_VERSION; }
