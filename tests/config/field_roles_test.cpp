// Roles of fields, which say whether a field defines the result, stand where the field is declared.

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/config/fields.h>

namespace fovea {
namespace {

struct Files {
  std::string root = "here";
  std::int64_t size = 3;

  void visit_fields(FieldVisitor& fields) {
    fields.text("root", root, {"folder of the files", FieldRole::path});
    fields.integer("size", size, {}, "of each");
  }
};

/// A field with a notation of its own that holds named ones.
class FilesField final : public CustomField {
 public:
  void read(const ConfigNode& value, const std::string& path) override { read_fields(files_, value, path); }
  Json write() override { return write_fields(files_); }
  void visit_fields(FieldVisitor& fields) override { files_.visit_fields(fields); }

 private:
  Files files_;
};

struct Everything {
  std::int64_t threads = 1;
  Files group;
  FilesField custom;

  void visit_fields(FieldVisitor& fields) {
    fields.integer("threads", threads, {}, {"that work", FieldRole::effort});
    fields.group("group", group, "files");
    fields.custom("custom", custom, "more files");
  }
};

TEST(FieldRoles, AreThoseOfEveryFieldUnderItsFullName) {
  Everything everything;
  std::vector<std::pair<std::string, FieldRole>> roles;
  for (const RoleOfField& field : field_roles(everything)) roles.emplace_back(field.name, field.role);
  using testing::Pair;
  EXPECT_THAT(roles, testing::ElementsAre(Pair("threads", FieldRole::effort), Pair("group", FieldRole::defines_result),
                                          Pair("group.root", FieldRole::path), Pair("group.size", FieldRole::defines_result),
                                          Pair("custom", FieldRole::defines_result), Pair("custom.root", FieldRole::path),
                                          Pair("custom.size", FieldRole::defines_result)));
}

}  // namespace
}  // namespace fovea
