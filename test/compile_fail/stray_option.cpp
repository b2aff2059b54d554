// expect: baton: this argument configures nothing in the composition
#include <baton/baton.hpp>

void make(boost::asio::any_io_executor executor) {
    baton::Orchestrator<baton::Provider<baton::OpenAI>> chat{executor, baton::ExpBackoff::Options{}};
}
