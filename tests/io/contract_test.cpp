// The contract suites against every file system there is.

#include "support/io/faulty_file_system.hpp"
#include "support/io/file_system_contract.hpp"
#include "support/io/safe_directory_contract.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::io::testing {
namespace {

FileSystemUnderTest posix_with(SafePathMethod method) {
    PosixOptions options;
    options.safe_path_method = method;
    auto folder = std::make_shared<TemporaryFolder>();
    return {make_posix_file_system(options), folder->path(), folder};
}

FileSystemUnderTest simulated() {
    auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/base"));
    return {fs, "/base", nullptr};
}

FileSystemUnderTest cloning() {
    auto fs = SimulatedFileSystem::make();
    fs->set_clones(true);
    must(fs->make_directories("/base"));
    return {std::make_shared<FaultyFileSystem>(fs), "/base", nullptr};
}

FileSystemUnderTest recovered() {
    auto fs = SimulatedFileSystem::make();
    must(make_directories_durably(*fs, "/base"));
    fs->crash_now();
    return {fs->recover(CrashPolicy::kDropUnsynced), "/base", nullptr};
}

FileSystemUnderTest wrapped() {
    auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/base"));
    return {std::make_shared<FaultyFileSystem>(fs), "/base", nullptr};
}

std::vector<FileSystemFactory> all_file_systems() {
    return {{"Posix", [] { return posix_with(SafePathMethod::kAutomatic); }},
            {"PosixByComponents", [] { return posix_with(SafePathMethod::kComponents); }},
            {"Simulated", simulated},
            {"SimulatedThatClones", cloning},
            {"SimulatedAfterACrash", recovered},
            {"FaultyWithoutFaults", wrapped}};
}

INSTANTIATE_TEST_SUITE_P(All, FileSystemContract, ::testing::ValuesIn(all_file_systems()),
                         factory_name);
INSTANTIATE_TEST_SUITE_P(All, SafeDirectoryContract, ::testing::ValuesIn(all_file_systems()),
                         factory_name);

}  // namespace
}  // namespace catalog::io::testing
