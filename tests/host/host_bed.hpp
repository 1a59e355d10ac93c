#pragma once
// Runs the reference host in this process.

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "app.hpp"
#include "fixture_files.hpp"

namespace catalog::host {

struct HostRun {
    int code = 0;
    std::string out;
    std::string error;
};

/// Runs `hypermesh-host ARGUMENTS...`.
inline HostRun run_host(const std::vector<std::string>& arguments, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream error;
    const int code = run(arguments, in, out, error, {});
    return {code, out.str(), error.str()};
}

/// Runs command lines, `${FIXTURES}` being the folder of the fixtures.
inline HostRun run_lines(const std::string& lines, std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--set", std::string("FIXTURES=") + HOST_FIXTURES, "run", "-"});
    return run_host(options, lines);
}

/// Expects that the lines run to their end without a violation.
inline void expect_lines_pass(const std::string& lines, std::vector<std::string> options = {}) {
    const HostRun done = run_lines(lines, std::move(options));
    EXPECT_EQ(done.code, 0) << done.out << done.error;
}

}  // namespace catalog::host
