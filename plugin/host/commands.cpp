// Commands about extensions, the host and the last answer.

#include <charconv>
#include <filesystem>
#include <ostream>
#include <utility>

#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "session.hpp"

namespace catalog::host {

namespace {

Error usage(std::string message) {
    return Error(Errc::kFailedPrecondition, std::move(message)).with_hint("help COMMAND");
}

/// The next word, or `fallback` when there is none.
Result<std::string> optional_word(WordReader& words, std::string fallback = {}) {
    CATALOG_TRY(std::optional<std::string> word, words.next());
    return word ? *std::move(word) : std::move(fallback);
}

Result<std::string> required_word(WordReader& words, const char* what) {
    CATALOG_TRY(std::optional<std::string> word, words.next());
    if (!word) return fail(usage(std::string(what) + " is missing"));
    return *std::move(word);
}

Result<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return fail(usage("'" + std::string(text) + "' is no number"));
    return value;
}

Result<std::uint64_t> optional_number(WordReader& words, std::uint64_t fallback) {
    CATALOG_TRY(const std::string word, optional_word(words));
    if (word.empty()) return fallback;
    return number_of(word.starts_with('#') ? std::string_view(word).substr(1) : word);
}

/// Runs a function that fails with an Error.
template <class Body>
Answer answered(const Body& body) {
    Result<Answer> answer = body();
    return answer ? *std::move(answer) : to_answer(answer.error());
}

/// Runs a control call of the current extension.
Answer control_call(Session& session, CallStatus (Extension::*call)()) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        return to_answer((extension->*call)());
    });
}

struct LoadWords {
    std::string what;
    std::string data_dir;
    std::string name;
};

/// FILE|ID [DATA_DIR] [as NAME]
Result<LoadWords> load_words(WordReader& words) {
    LoadWords out;
    CATALOG_TRY(out.what, required_word(words, "FILE or ID"));
    CATALOG_TRY(std::string word, optional_word(words));
    if (word != "as") {
        out.data_dir = word;
        CATALOG_TRY(word, optional_word(words));
    }
    if (word == "as") {
        CATALOG_TRY(out.name, required_word(words, "NAME"));
    } else if (!word.empty()) {
        return fail(usage("unexpected '" + word + "'"));
    }
    return out;
}

Answer load(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const LoadWords given, load_words(words));
        return session.load(given.what, given.data_dir, given.name);
    });
}

Answer open(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const LoadWords given, load_words(words));
        return session.open(given.what, given.name);
    });
}

Answer create(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        CATALOG_TRY(std::string folder, optional_word(words));
        if (folder.empty()) {
            CATALOG_TRY(folder, session.default_data_dir());
        }
        folder = std::filesystem::absolute(folder).lexically_normal().string();
        return to_answer(extension->create(folder));
    });
}

Answer request(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        CATALOG_TRY(const std::string method, required_word(words, "METHOD"));
        Outcome outcome = extension->request(method, words.rest());
        return to_answer(outcome.status, std::move(outcome.value));
    });
}

Answer request_async(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        CATALOG_TRY(const std::string method, required_word(words, "METHOD"));
        ProgressReport progress;
        if (!session.options().quiet && !session.options().json)
            progress = [&out = session.error_stream()](std::uint64_t done, std::uint64_t total,
                                                       std::string_view phase) {
                out << "progress: " + std::string(phase) + " " + std::to_string(done) + "/" +
                           std::to_string(total) + "\n";
            };
        Outcome outcome = extension->request_async(method, words.rest(), std::move(progress));
        return to_answer(outcome.status, std::move(outcome.value));
    });
}

Answer wait(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        CATALOG_TRY(const std::uint64_t number, optional_number(words, 0));
        Outcome outcome = extension->wait(number);
        return to_answer(outcome.status, std::move(outcome.value));
    });
}

Answer cancel(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        CATALOG_TRY(const std::uint64_t number, optional_number(words, 0));
        return to_answer(extension->cancel(number));
    });
}

Answer expect(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string name, required_word(words, "STATUS"));
        const std::optional<hmx_status> wanted = parse_status(name);
        if (!wanted) return fail(usage("there is no status " + name));
        const Answer& last = session.last();
        if (last.status == *wanted && last.ok() == (*wanted == HMX_OK)) return Answer{};
        std::string message =
            "expected " + status_name(*wanted) + ", the answer was " + status_name(last.status);
        if (last.error) message += ": " + last.failure().to_string();
        return fail(Errc::kNotFound, message);
    });
}

/// A word as JSON, or as the text that it is.
json::Value value_of(std::string_view text) {
    Result<json::Value> read = json::read(text);
    return read ? *std::move(read) : json::Value(text);
}

Result<const json::Value*> value_at(Session& session, const std::string& path) {
    const json::Value* found = at_pointer(session.last().value, path);
    if (found == nullptr)
        return fail(Error(Errc::kNotFound, "the last answer has nothing there").with_input(path));
    return found;
}

Answer expect_json(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string path, required_word(words, "PATH"));
        const std::string_view rest = words.rest();
        if (rest.empty()) return fail(usage("VALUE is missing"));
        CATALOG_TRY(const json::Value* found, value_at(session, path));
        if (json::write_canonical(*found) == json::write_canonical(value_of(rest))) return Answer{};
        return fail(Error(Errc::kNotFound, "expected " + std::string(rest) + ", there is " +
                                               json::write_canonical(*found).substr(0, 2000))
                        .with_input(path));
    });
}

Answer expect_count(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string path, required_word(words, "PATH"));
        CATALOG_TRY(const std::string count, required_word(words, "COUNT"));
        CATALOG_TRY(const std::uint64_t wanted, number_of(count));
        CATALOG_TRY(const json::Value* found, value_at(session, path));
        const json::Array* array = found->as_array();
        const json::Object* object = found->as_object();
        if (array == nullptr && object == nullptr)
            return fail(
                Error(Errc::kNotFound, "there is neither an array nor an object").with_input(path));
        const std::size_t size = array != nullptr ? array->size() : object->size();
        if (size == wanted) return Answer{};
        return fail(Error(Errc::kNotFound,
                          "expected " + count + " elements, there are " + std::to_string(size))
                        .with_input(path));
    });
}

Answer expect_violation(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string rule, required_word(words, "RULE"));
        if (session.take_violation(rule)) return Answer{};
        return fail(Errc::kNotFound, "no violation of " + rule + " has been seen");
    });
}

Answer set_variable(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string name, required_word(words, "VAR"));
        const std::string_view rest = words.rest();
        if (rest.empty()) return fail(usage("PATH or =VALUE is missing"));
        if (rest.starts_with('=')) {
            session.variables()[name] = rest.substr(1);
            return Answer{};
        }
        CATALOG_TRY(const json::Value* found, value_at(session, std::string(rest)));
        const std::string* text = found->as_string();
        session.variables()[name] = text != nullptr ? *text : json::write_canonical(*found);
        return Answer{};
    });
}

/// Prints even when answers are not printed, so that a quiet script says what matters.
Answer print(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string path, required_word(words, "PATH"));
        CATALOG_TRY(const json::Value* found, value_at(session, path));
        const std::string* plain = found->as_string();
        const std::string value = plain != nullptr ? *plain : json::write_canonical(*found);
        const std::string label(words.rest());
        if (!session.options().json)
            session.out_stream() << label << (label.empty() ? "" : " ") << value << '\n';
        return Answer{};
    });
}

Answer repeat(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string count, required_word(words, "N"));
        CATALOG_TRY(const std::uint64_t times, number_of(count));
        const std::string line(words.rest());
        if (line.empty() || line.starts_with("repeat"))
            return fail(usage("a COMMAND other than repeat is missing"));
        Answer last;
        const std::int64_t begin = monotonic_ns();
        for (std::uint64_t i = 0; i < times; ++i) {
            last = session.run_line(line);
            if (!last.ok()) return last;
        }
        const std::int64_t each =
            times == 0 ? 0 : (monotonic_ns() - begin) / static_cast<std::int64_t>(times);
        return Answer{{},
                      HMX_OK,
                      json::Object{{"times", times}, {"each_ns", each}, {"last", last.value}},
                      std::to_string(times) + " times, " + std::to_string(each) + " ns each"};
    });
}

Answer set_settings(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        // Passed on as it is: what the extension says of bad settings is to be seen.
        session.host().options.settings = words.rest();
        return Answer{};
    });
}

Answer set_consensus(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string name, required_word(words, "BEHAVIOUR"));
        const auto behaviour = parse_consensus(name);
        if (!behaviour) return fail(usage("there is no behaviour " + name));
        session.host().options.consensus = *behaviour;
        return Answer{};
    });
}

Answer set_shape(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string name, required_word(words, "STRUCT"));
        CATALOG_TRY(const std::string size, required_word(words, "SIZE"));
        if (!is_shapeable(name)) return fail(usage("there is no struct " + name));
        if (size == "normal") {
            session.host().options.shapes.erase(name);
            return Answer{};
        }
        CATALOG_TRY(const std::uint64_t bytes, number_of(size == "huge" ? "4096" : size));
        if (bytes > 65536) return fail(usage("at most 65536"));
        session.host().options.shapes[name] = static_cast<std::uint32_t>(bytes);
        return Answer{};
    });
}

/// `deny`, `grant`, `without`, `with`, `late`: each changes what the next instance gets.
Answer change_capability(Session& session, WordReader& words, bool grant) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string name, required_word(words, "CAPABILITY"));
        std::uint64_t bits = kAllCapabilities;
        if (name != "all") {
            const auto bit = parse_capability(name);
            if (!bit) return fail(usage("there is no capability " + name));
            bits = std::uint64_t{1} << *bit;
        }
        std::uint64_t& granted = session.host().options.granted;
        granted = grant ? granted | bits : granted & ~bits;
        return Answer{};
    });
}

Answer change_services(WordReader& words, std::set<std::string, std::less<>>& set, bool add) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string name, required_word(words, "SERVICE"));
        const std::string_view id = find_service_id(name);
        if (id.empty() && name != "all") return fail(usage("there is no service " + name));
        for (const std::string_view each : service_ids()) {
            if (name != "all" && each != id) continue;
            if (add)
                set.emplace(each);
            else
                set.erase(std::string(each));
        }
        return Answer{};
    });
}

Answer offer(Session& session, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        CATALOG_TRY(const std::string name, required_word(words, "SERVICE"));
        if (!extension->offer(name)) return fail(usage("there is no service " + name));
        return Answer{};
    });
}

Answer info(Session& session, WordReader&) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        return Answer{{}, HMX_OK, extension->info(), {}};
    });
}

Answer config(Session& session, WordReader&) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        return Answer{{}, HMX_OK, extension->config(), {}};
    });
}

Answer status(Session& session, WordReader&) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        Outcome outcome = extension->status();
        return to_answer(outcome.status, std::move(outcome.value));
    });
}

Answer validate(Session& session, WordReader&) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(Extension * extension, session.current());
        Outcome outcome = extension->validate();
        return to_answer(outcome.status, std::move(outcome.value));
    });
}

Answer help(Session&, WordReader& words) {
    return answered([&]() -> Result<Answer> {
        CATALOG_TRY(const std::string wanted, optional_word(words));
        std::string text;
        json::Array list;
        for (const Command& command : commands()) {
            if (!wanted.empty() && wanted != command.name) continue;
            std::string usage_text(command.name);
            if (!command.arguments.empty()) usage_text += " " + std::string(command.arguments);
            list.emplace_back(json::Object{{"usage", usage_text}, {"help", command.help}});
            usage_text.resize(std::max<std::size_t>(usage_text.size() + 1, 38), ' ');
            text += (text.empty() ? "" : "\n") + usage_text + std::string(command.help);
        }
        if (list.empty()) return fail(usage("there is no command " + wanted));
        return Answer{{}, HMX_OK, std::move(list), std::move(text)};
    });
}

std::vector<Command> lifecycle_commands() {
    return {
        {"load", "FILE|ID [DATA_DIR] [as NAME]", "open, create and start an extension", load},
        {"unload", "[NAME]", "shut down, destroy and close; says whether it is unmapped",
         [](Session& session, WordReader& words) {
             return answered([&]() -> Result<Answer> {
                 CATALOG_TRY(const std::string name, optional_word(words));
                 return session.unload(name);
             });
         }},
        {"open", "FILE|ID [as NAME]", "check the file, load it, ask for its table", open},
        {"create", "[DATA_DIR]", "make an instance", create},
        {"start", "", "start the instance",
         [](Session& session, WordReader&) { return control_call(session, &Extension::start); }},
        {"pause", "", "pause the instance",
         [](Session& session, WordReader&) { return control_call(session, &Extension::pause); }},
        {"resume", "", "let it run again",
         [](Session& session, WordReader&) { return control_call(session, &Extension::resume); }},
        {"shutdown", "", "shut the instance down",
         [](Session& session, WordReader&) { return control_call(session, &Extension::shutdown); }},
        {"destroy", "", "destroy the instance",
         [](Session& session, WordReader&) { return control_call(session, &Extension::destroy); }},
        {"close", "", "close the shared object",
         [](Session& session, WordReader&) { return session.close(); }},
        {"use", "NAME", "make another loaded extension the current one",
         [](Session& session, WordReader& words) {
             return answered([&]() -> Result<Answer> {
                 CATALOG_TRY(const std::string name, required_word(words, "NAME"));
                 return session.use(name);
             });
         }},
        {"request", "METHOD [JSON]", "one request; the answer is its envelope", request},
        {"request-async", "METHOD [JSON]", "begin a request; the answer is its number",
         request_async},
        {"wait", "[NUMBER]", "wait for a request that was begun; its envelope", wait},
        {"cancel", "[NUMBER]", "cancel a request that was begun", cancel},
        {"status", "", "state, health and counters", status},
        {"validate", "", "what the instance finds when it checks itself", validate},
        {"info", "", "metadata, services asked for, state, violations", info},
        {"config", "", "how the instance was made, and the schema of its settings", config},
    };
}

std::vector<Command> behaviour_commands() {
    return {
        {"settings", "[JSON]", "settings of the next instance", set_settings},
        {"consensus", "BEHAVIOUR", "accept, reject, slow, pending or unavailable", set_consensus},
        {"shape", "STRUCT SIZE", "pass a struct in another size: a number, huge or normal",
         set_shape},
        {"deny", "CAPABILITY|all", "deny the next instance a capability",
         [](Session& session, WordReader& words) {
             return change_capability(session, words, false);
         }},
        {"grant", "CAPABILITY|all", "grant it",
         [](Session& session, WordReader& words) {
             return change_capability(session, words, true);
         }},
        {"without", "SERVICE|all", "do not offer a service",
         [](Session& session, WordReader& words) {
             return change_services(words, session.host().options.without, true);
         }},
        {"with", "SERVICE|all", "offer it",
         [](Session& session, WordReader& words) {
             return change_services(words, session.host().options.without, false);
         }},
        {"late", "SERVICE|all", "offer a service only after 'offer'",
         [](Session& session, WordReader& words) {
             return change_services(words, session.host().options.late, true);
         }},
        {"offer", "SERVICE", "offer a late service to the current extension now", offer},
    };
}

std::vector<Command> judging_commands() {
    return {
        {"metrics", "", "what was sent to the metrics service",
         [](Session& session, WordReader&) {
             return Answer{
                 {}, HMX_OK, json::Object{{"metrics", session.host().metrics.to_json()}}, {}};
         }},
        {"assets", "", "what was registered with the assets service",
         [](Session& session, WordReader&) {
             return Answer{
                 {}, HMX_OK, json::Object{{"assets", session.host().assets.to_json()}}, {}};
         }},
        {"violations", "", "what extensions did against the rules",
         [](Session& session, WordReader&) {
             return Answer{{}, HMX_OK, json::Object{{"violations", session.violations()}}, {}};
         }},
        {"leak-check", "[KIB]", "fail when something is left since before the first load",
         [](Session& session, WordReader& words) {
             return answered([&]() -> Result<Answer> {
                 CATALOG_TRY(const std::string kib, optional_word(words));
                 std::optional<std::int64_t> limit;
                 if (!kib.empty()) {
                     CATALOG_TRY(const std::uint64_t number, number_of(kib));
                     limit = static_cast<std::int64_t>(number * 1024);
                 }
                 return session.leak_check(limit);
             });
         }},
        {"expect", "STATUS", "fail unless the last command answered so", expect},
        {"expect-json", "PATH VALUE", "fail unless the last answer holds that at a JSON pointer",
         expect_json},
        {"expect-count", "PATH N", "fail unless there are so many elements", expect_count},
        {"expect-violation", "RULE", "fail unless a rule was violated; forgets it",
         expect_violation},
        {"set", "VAR PATH|=VALUE", "set a variable, used as ${VAR}, from the last answer",
         set_variable},
        {"print", "PATH [TEXT]", "print what the last answer holds there, also with --quiet",
         print},
        {"echo", "[TEXT]", "print a text",
         [](Session&, WordReader& words) {
             std::string text(words.rest());
             return Answer{{}, HMX_OK, json::Value(text), text};
         }},
        {"repeat", "N COMMAND", "run a command N times; the time of each", repeat},
        {"help", "[COMMAND]", "what there is", help},
    };
}

}  // namespace

const std::vector<Command>& commands() {
    static const std::vector<Command> every = [] {
        std::vector<Command> all = lifecycle_commands();
        for (std::vector<Command>& part :
             std::vector{library_commands(), behaviour_commands(), judging_commands()})
            for (Command& command : part) all.push_back(std::move(command));
        return all;
    }();
    return every;
}

}  // namespace catalog::host
