#pragma once
// Flips bits of a pack and looks at what a reader makes of it.

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>

#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {

/// Flips a bit of every `step`th byte of the first pack of the store in `/library` on `disk`, one
/// at a time, has `read` look, and flips it back. Whoever looks either refuses, as
/// kContentCorrupted with a place, or has checked himself that what he got is right; some are to be
/// refused.
inline void expect_flips_are_refused(io::testing::SimulatedFileSystem& disk, std::uint64_t step,
                                     const std::function<Result<void>()>& read) {
    const std::string pack = "/library/packs/00000001.pack";
    const std::uint64_t size = io::testing::must(disk.info(pack)).size;
    std::size_t refused = 0;
    for (std::uint64_t at = 0; at < size; at += step) {
        io::testing::must(disk.corrupt(pack, at, 0x10));
        const auto done = read();
        if (!done) {
            EXPECT_EQ(done.error().code(), Errc::kContentCorrupted) << "byte " << at;
            EXPECT_FALSE(done.error().input().empty()) << "byte " << at;
            ++refused;
        }
        io::testing::must(disk.corrupt(pack, at, 0x10));
    }
    EXPECT_GT(refused, 100u);
}

}  // namespace catalog::content::testing
