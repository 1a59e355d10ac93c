#pragma once
// Running commands without a process, over a library in a folder of its own.

#include <fstream>
#include <istream>
#include <sstream>
#include <stop_token>
#include <string>
#include <vector>

#include "app.hpp"
#include "catalog/json/read.hpp"
#include "support/io/results.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::cli {

struct Answer {
    int code = -1;
    std::string out;
    std::string error;

    /// Returns the lines of standard output as JSON documents; throws when one is none.
    [[nodiscard]] std::vector<json::Value> documents() const {
        std::vector<json::Value> documents;
        std::istringstream lines(out);
        for (std::string line; std::getline(lines, line);)
            documents.push_back(io::testing::must(json::read(line)));
        return documents;
    }
};

class CliBed {
public:
    Answer run(std::vector<std::string> arguments, const std::string& input = {}) {
        std::istringstream in(input);
        return run_on(std::move(arguments), in, {});
    }

    Answer run_on(std::vector<std::string> arguments, std::istream& in,
                  const std::stop_token& stop) {
        std::ostringstream out;
        std::ostringstream error;
        Streams streams{in, out, error};
        arguments.insert(arguments.begin(), {"--library", folder / "library"});
        Answer answer;
        answer.code = cli::run(arguments, streams, stop);
        answer.out = out.str();
        answer.error = error.str();
        return answer;
    }

    /// Writes a file and returns its path.
    std::string file(const std::string& name, const std::string& text) {
        std::ofstream(folder / name, std::ios::binary) << text;
        return folder / name;
    }

    io::testing::TemporaryFolder folder;
};

}  // namespace catalog::cli
