// completion: scripts for shells, made from the commands as they are defined.

#include <CLI/CLI.hpp>

#include <memory>

#include "app.hpp"

namespace catalog::cli {

namespace {

/// A command with its options, as a shell needs it.
struct Completable {
    std::string path;   ///< "" for the program, "store put" for a nested command.
    std::string words;  ///< Subcommands and options, separated by spaces.
};

std::string words_of(const CLI::App& app) {
    std::string words;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
        words += (words.empty() ? "" : " ") + command->get_name();
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames())
            words += (words.empty() ? "--" : " --") + name;
    return words;
}

std::vector<Completable> completables_of(const CLI::App& app) {
    const std::string global = words_of(app);
    std::vector<Completable> list{{"", global}};
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        list.push_back({command->get_name(), words_of(*command)});
        for (const CLI::App* nested :
             command->get_subcommands([](const CLI::App*) { return true; }))
            list.push_back({command->get_name() + " " + nested->get_name(), words_of(*nested)});
    }
    return list;
}

std::string global_options_of(const CLI::App& app) {
    std::string words;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) words += " --" + name;
    return words;
}

std::string bash_script(const CLI::App& app) {
    std::string text =
        "# bash completion of catalog\n"
        "_catalog() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} path= index candidates\n"
        "    for ((index = 1; index < COMP_CWORD; ++index)); do\n"
        "        case ${COMP_WORDS[index]} in\n"
        "            -*) ;;\n"
        "            *) case \"${path:+$path }${COMP_WORDS[index]}\" in\n";
    for (const Completable& command : completables_of(app))
        if (!command.path.empty())
            text += "                '" + command.path + "') path='" + command.path + "' ;;\n";
    text +=
        "               esac ;;\n"
        "        esac\n"
        "    done\n"
        "    case $path in\n";
    const std::string global = global_options_of(app);
    for (const Completable& command : completables_of(app))
        text += "        '" + command.path + "') candidates='" + command.words +
                (command.path.empty() ? "" : global) + "' ;;\n";
    text +=
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$candidates\" -- \"$word\"))\n"
        "    if [[ ${#COMPREPLY[@]} -eq 0 && $word != -* ]]; then COMPREPLY=($(compgen -f -- "
        "\"$word\")); fi\n"
        "}\n"
        "complete -o filenames -F _catalog catalog\n";
    return text;
}

std::string zsh_script(const CLI::App& app) {
    return "#compdef catalog\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script(app);
}

std::string quoted(std::string text) {
    for (std::size_t i = 0; (i = text.find('\'', i)) != std::string::npos; i += 2)
        text.replace(i, 1, "\\'");
    return "'" + text + "'";
}

std::string fish_script(const CLI::App& app) {
    std::string text = "# fish completion of catalog\n";
    const auto add_options = [&](const CLI::App& command, const std::string& condition) {
        for (const CLI::Option* option : command.get_options())
            for (const std::string& name : option->get_lnames())
                text.append("complete -c catalog" + condition + " -l ")
                    .append(name + " -d ")
                    .append(quoted(option->get_description()) + "\n");
    };
    add_options(app, "");
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        text += "complete -c catalog -n __fish_use_subcommand -a " + command->get_name() + " -d " +
                quoted(command->get_description()) + "\n";
        const std::string condition =
            " -n '__fish_seen_subcommand_from " + command->get_name() + "'";
        add_options(*command, condition);
        for (const CLI::App* nested :
             command->get_subcommands([](const CLI::App*) { return true; })) {
            text += "complete -c catalog" + condition + " -a " + nested->get_name() + " -d " +
                    quoted(nested->get_description()) + "\n";
            add_options(*nested, condition);
        }
    }
    return text;
}

}  // namespace

void add_completion_command(CLI::App& app, Session& session) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand(
        "completion",
        "Print a completion script for a shell; for bash: source <(catalog completion bash)");
    command->add_option("shell", *shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->callback([&app, &session, shell] {
        session.action = [&app, &session, shell]() -> Result<ExitCode> {
            if (*shell == "bash")
                session.print(bash_script(app));
            else if (*shell == "zsh")
                session.print(zsh_script(app));
            else
                session.print(fish_script(app));
            return ExitCode::kOk;
        };
    });
}

}  // namespace catalog::cli
