// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

namespace soak {

/// Claims that are printed as they are judged.
class Verdict {
public:
    void claim(bool holds, const std::string& what) {
        ++(holds ? held_ : failed_);
        std::printf("%s: %s\n", holds ? "holds" : "DOES NOT HOLD", what.c_str());
    }
    int held() const noexcept { return held_; }
    int failed() const noexcept { return failed_; }

private:
    int held_ = 0, failed_ = 0;
};

/// Of a process: "self" or its number.
inline long resident_kb(const std::string& process = "self") {
    long pages = 0, resident = 0;
    std::ifstream("/proc/" + process + "/statm") >> pages >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}
inline std::size_t descriptors(const std::string& process = "self") {
    const std::filesystem::directory_iterator all("/proc/" + process + "/fd");
    const auto count = static_cast<std::size_t>(std::distance(begin(all), end(all)));
    return process == "self" ? count - 1 : count; // its own look at the directory is one of them
}

struct Sample {
    double at; // seconds
    double kb, fds;
};

/// Whether memory and descriptors stayed level, by samples of each second of `length` seconds. Memory grew if
/// the least-squares slope over the time after the warm-up (the first third, at least `warm_up`) is above
/// 1 MB/h and its rise over that time above `sample_kb`, which is what a single sample is uncertain by.
/// Descriptors are not level if after the warm-up the most in the second half is more than 10 % (and
/// `sample_fds`) above the most in the first.
inline void judge_steady(Verdict& verdict, const std::vector<Sample>& samples, double length,
                         double warm_up = 60, double sample_kb = 512, double sample_fds = 0) {
    const double warm = std::max(warm_up, length / 3);
    double n = 0, t = 0, kb = 0, tt = 0, tkb = 0, early = 0, late = 0;
    for (const Sample& sample : samples) {
        if (sample.at < warm) continue;
        n += 1, t += sample.at, kb += sample.kb, tt += sample.at * sample.at, tkb += sample.at * sample.kb;
        double& most = sample.at < (warm + length) / 2 ? early : late;
        most = std::max(most, sample.fds);
    }
    if (n < 30) {
        std::printf(
            "too short to judge memory and descriptors: at least 30 s after a warm-up of %.0f s are needed\n",
            warm_up);
        return;
    }
    const double slope = (n * tkb - t * kb) / (n * tt - t * t); // kB per second
    char line[200];
    std::snprintf(line, sizeof line,
                  "resident memory %.1f MB, slope after %.0f s: %+.2f MB/h, %+.0f kB in all", kb / n / 1024,
                  warm, slope * 3600 / 1024, slope * (length - warm));
    verdict.claim(slope * 3600 <= 1024 || slope * (length - warm) <= sample_kb, line);
    std::snprintf(line, sizeof line, "descriptors flat: at most %.0f in the first half, %.0f in the second",
                  early, late);
    verdict.claim(late <= std::max(early * 1.1, early + sample_fds), line);
}

} // namespace soak
