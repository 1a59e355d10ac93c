// docs/requests.md against the table of methods.

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "page.hpp"
#include "requests/requests.hpp"

namespace catalog::docs {
namespace {

using extension::Method;
using extension::Parameter;
using extension::ParameterKind;

std::string_view kind_text(ParameterKind kind) {
    switch (kind) {
        case ParameterKind::kText:
            return "text";
        case ParameterKind::kTexts:
            return "texts";
        case ParameterKind::kFlag:
            return "flag";
        case ParameterKind::kNumber:
            return "number";
        case ParameterKind::kChoice:
            return "choice";
        case ParameterKind::kPath:
            return "path";
        case ParameterKind::kPaths:
            return "paths";
        case ParameterKind::kObject:
            return "object";
        case ParameterKind::kObjects:
            return "list of objects";
        case ParameterKind::kFixed:
            return "fixed";
        case ParameterKind::kNested:
            return "nested";
    }
    return "unknown";
}

std::string quoted_words(std::string_view words, std::string_view between) {
    std::string text;
    extension::for_each_word(words, [&](std::string_view word) {
        text += (text.empty() ? "" : std::string(between)) + "`" + std::string(word) + "`";
        return true;
    });
    return text;
}

void append_parameter(std::ostringstream& out, const Parameter& parameter) {
    const std::string_view bold = parameter.required ? "**" : "";
    out << "| " << bold << "`" << parameter.name << "`" << bold;
    if (!parameter.aliases.empty()) out << " / " << quoted_words(parameter.aliases, " / ");
    out << " | " << kind_text(parameter.kind);
    if (!parameter.choices.empty()) out << " (" << quoted_words(parameter.choices, ", ") << ")";
    if (parameter.kind == ParameterKind::kNumber)
        out << " (" << parameter.least << " to " << parameter.most << ")";
    out << " | " << parameter.help << " |\n";
}

void append_method(std::ostringstream& out, const Method& method) {
    std::string help(method.help);
    help[0] = static_cast<char>(help[0] - 'a' + 'A');
    out << "\n### " << method.name << "\n\n" << help << ".";
    if (method.writes) out << " Changes something.";
    if (!method.aliases.empty()) out << " Also " << quoted_words(method.aliases, ", ") << ".";
    out << "\n\nResult: " << method.result << ".\n";
    if (method.parameters.empty()) return;
    out << "\n| parameter | kind | |\n|---|---|---|\n";
    for (const Parameter& parameter : method.parameters) append_parameter(out, parameter);
}

std::string methods_text() {
    std::ostringstream out;
    for (const Method& method : extension::Requests::methods())
        if (method.handler != nullptr) append_method(out, method);
    out << "\n### Known and refused\n\nNames that hosts use and that mean nothing here; the code "
           "is "
           "`unsupported`.\n\n| method | why |\n|---|---|\n";
    for (const Method& method : extension::Requests::methods()) {
        if (method.handler != nullptr) continue;
        out << "| `" << method.name << "`";
        if (!method.aliases.empty()) out << ", " << quoted_words(method.aliases, ", ");
        out << " | " << method.help << " |\n";
    }
    out << "\n";
    return out.str();
}

TEST(RequestsPage, ListsExactlyTheMethodsOfTheTable) {
    expect_generated(read_page("docs/requests.md", "methods"), methods_text());
}

TEST(RequestsPage, EveryMethodAndParameterSaysWhatItIs) {
    for (const Method& method : extension::Requests::methods()) {
        EXPECT_FALSE(method.help.empty()) << method.name;
        EXPECT_EQ(method.handler != nullptr, !method.result.empty()) << method.name;
        for (const Parameter& parameter : method.parameters)
            EXPECT_FALSE(parameter.help.empty()) << method.name << "." << parameter.name;
    }
}

}  // namespace
}  // namespace catalog::docs
