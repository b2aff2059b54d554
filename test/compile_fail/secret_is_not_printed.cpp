// expect: deleted
#include <baton/core/secret.hpp>
#include <iostream>
void print(const baton::Secret& secret) { std::cout << secret; }
