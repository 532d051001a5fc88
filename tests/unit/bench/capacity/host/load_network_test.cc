// Goal: network conditions are read strictly and become the tc rules meant: a class with its own
// queue for each viewer when there is a rate, netem where delay or loss need it. Method: texts in,
// rules out; the kernel's side is what `rackphone bench --network` itself meets.
#include "bench/capacity/host/load_network.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace rp {
namespace {

TEST(Network, ReadsItsParts) {
  const auto network = parse_network("rate=10mbit,delay=20ms,loss=0.1%");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->rate_kbps, 10'000);
  EXPECT_EQ(network->delay_ms, 20);
  EXPECT_EQ(network->loss_percent, 0.1);
  EXPECT_EQ(to_string(*network), "rate=10000kbit,delay=20ms,loss=0.1%");
  EXPECT_EQ(parse_network("delay=1s")->delay_ms, 1000);
  EXPECT_EQ(to_string(NetworkCondition{}), "");
}

TEST(Network, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"rate", "rate=", "rate=10", "rate=10mb", "rate=-1mbit", "delay=20",
                           "loss=200%", "loss=nan%", "speed=1mbit", "rate=1mbit;delay=2ms"}) {
    EXPECT_FALSE(parse_network(text)) << text;
  }
}

TEST(Network, EachViewerHasALinkOfItsOwn) {
  const std::string rules = engine_side_rules({.rate_kbps = 2000}, "v0", 300);
  EXPECT_EQ(std::ranges::count(rules, '\n'), 1 + 3 * 300);
  EXPECT_NE(rules.find("class add dev v0 parent 1: classid 1:2 htb rate 2000kbit"),
            std::string::npos);
  EXPECT_NE(rules.find("match ip dst 198.19.1.50/32 flowid 1:12d"), std::string::npos);
  EXPECT_NE(rules.find("pfifo limit"), std::string::npos);
  EXPECT_EQ(rules.find("netem"), std::string::npos);
  EXPECT_EQ(viewer_side_rules({.rate_kbps = 2000}, "v1"), "");
}

TEST(Network, DelayAndLossAreBothWays) {
  const NetworkCondition network{.delay_ms = 20, .loss_percent = 0.1};
  EXPECT_EQ(engine_side_rules(network, "v0", 2),
            "qdisc add dev v0 root netem limit 1000 delay 20000us loss 0.1%\n");
  EXPECT_EQ(viewer_side_rules(network, "v1"),
            "qdisc add dev v1 root netem limit 1000 delay 20000us loss 0.1%\n");
}

}  // namespace
}  // namespace rp
