// Completion scripts know every command and option that --help knows.

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli_bed.hpp"

namespace catalog::cli {
namespace {

using Words = std::set<std::string>;

/// What --help of a command says it has: options by their long names, and subcommands.
struct Helped {
    Words options;
    Words commands;
};

Helped helped(CliBed& bed, std::vector<std::string> path) {
    path.emplace_back("--help");
    const std::string help = bed.run(path).out;
    Helped found;
    // An option's line begins with its names; a command's line with two spaces and its name, below
    // the heading "Subcommands:".
    static const std::regex kOption(R"((^|\n)  (-\w,)?--([a-z][a-z-]*))");
    for (std::sregex_iterator at(help.begin(), help.end(), kOption), end; at != end; ++at)
        found.options.insert((*at)[3]);
    static const std::regex kCommand(R"(\n  ([a-z][a-z-]*) )");
    const std::size_t heading = help.find("Subcommands:");
    if (heading != std::string::npos) {
        const std::string below = help.substr(heading);
        for (std::sregex_iterator at(below.begin(), below.end(), kCommand), end; at != end; ++at)
            found.commands.insert((*at)[1]);
    }
    return found;
}

/// Every command by its path, "" for the program itself.
std::map<std::string, Helped> all_helped(CliBed& bed) {
    std::map<std::string, Helped> all{{"", helped(bed, {})}};
    for (const std::string& command : all.at("").commands) {
        const Helped here = helped(bed, {command});
        for (const std::string& nested : here.commands)
            all.emplace(command + " " + nested, helped(bed, {command, nested}));
        all.emplace(command, here);
    }
    return all;
}

/// The words that the bash script offers after a path.
Words offered(const std::string& script, const std::string& path) {
    const std::string start = "\n        '" + path + "') candidates='";
    const std::size_t at = script.find(start);
    if (at == std::string::npos) return {};
    std::istringstream list(
        script.substr(at + start.size(), script.find('\'', at + start.size()) - at - start.size()));
    Words words;
    for (std::string word; list >> word;) words.insert(word);
    return words;
}

TEST(Completion, OffersInBashWhatHelpSays) {
    CliBed bed;
    const std::string script = bed.run({"completion", "bash"}).out;
    EXPECT_NE(bed.run({"completion", "zsh"}).out.find(script), std::string::npos);
    const std::map<std::string, Helped> all = all_helped(bed);
    ASSERT_GT(all.size(), 35u) << "the reader of --help is broken";
    for (const auto& [path, help] : all) {
        const Words words = offered(script, path);
        EXPECT_TRUE(help.options.contains("help")) << path;
        for (const std::string& option : help.options)
            EXPECT_TRUE(words.contains("--" + option)) << path << " --" << option;
        for (const std::string& option : all.at("").options)
            EXPECT_TRUE(words.contains("--" + option)) << path << " --" << option;
        for (const std::string& command : help.commands)
            EXPECT_TRUE(words.contains(command)) << path << " " << command;
    }
}

TEST(Completion, OffersInFishWhatHelpSays) {
    CliBed bed;
    const std::string script = bed.run({"completion", "fish"}).out;
    for (const auto& [path, help] : all_helped(bed)) {
        const std::string first = path.substr(0, path.find(' '));
        const std::string condition =
            path.empty() ? "" : " -n '__fish_seen_subcommand_from " + first + "'";
        for (const std::string& option : help.options)
            EXPECT_NE(script.find("complete -c catalog" + condition + " -l " + option + " "),
                      std::string::npos)
                << path << " --" << option;
        for (const std::string& command : help.commands)
            EXPECT_NE(script.find(" -a " + command + " "), std::string::npos)
                << path << " " << command;
    }
}

TEST(Completion, IsRefusedForAnUnknownShell) {
    CliBed bed;
    EXPECT_EQ(bed.run({"completion", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace catalog::cli
