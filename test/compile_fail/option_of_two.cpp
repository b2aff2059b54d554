// expect: baton: this argument configures two slots
#include <baton/baton.hpp>

using Two = baton::Orchestrator<baton::Provider<baton::As<"eu", baton::OpenAI>>,
                                baton::Provider<baton::As<"us", baton::OpenAI>>>;
void make(boost::asio::any_io_executor executor) { Two chat{executor, baton::OpenAI::Options{}}; }
