#pragma once
// A folder of the machine for one test.

#include <string>

namespace catalog::io::testing {

/// Makes a fresh folder under $TMPDIR (else /tmp) and removes it with everything in it at the end.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Returns `name` inside the folder.
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

private:
    std::string path_;
};

}  // namespace catalog::io::testing
