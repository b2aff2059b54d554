# Called with the compiler's command; PKG_CONFIG_PATH points at the installed tree.
set -e
pkg-config --atleast-version=0.1 baton
"$@" -std=c++20 $(pkg-config --cflags baton) app.cpp -o app $(pkg-config --libs baton)
