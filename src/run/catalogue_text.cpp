#include <algorithm>
#include <utility>

#include <fovea/base/number_text.h>
#include <fovea/base/wrapped_text.h>
#include <fovea/run/catalogue_text.h>

namespace fovea {
namespace {

constexpr std::size_t kTerminalColumns = 80;
const std::string kHelpIndent(6, ' ');

/// Text in lines that begin with `indent`.
std::string paragraph(const std::string& indent, const std::string& text) {
  return text.empty() ? "" : indent + wrapped_text(text, kTerminalColumns - indent.size(), indent) + "\n";
}

/// A name and a text in two columns.
std::string name_and_text(const std::string& name, const std::string& text, std::size_t name_columns) {
  std::string line = "  " + name;
  if (text.empty()) return line + "\n";
  line.resize(name_columns + 4, ' ');
  return line + wrapped_text(text, kTerminalColumns - line.size(), std::string(line.size(), ' ')) + "\n";
}

/// A first line and further ones that are indented.
std::string heading(const std::string& text) {
  return wrapped_text(text, kTerminalColumns - 2, "  ") + "\n";
}

template <typename Trait>
std::string joined_traits(const std::vector<Trait>& traits) {
  std::string text;
  for (const Trait trait : traits) text += (text.empty() ? "" : "+") + std::string(to_string(trait));
  return text;
}

/// "arXiv:1709.01507", or where else the paper is.
std::string paper_of(const CatalogueRow& row) {
  return row.arxiv.empty() ? row.reference : "arXiv:" + row.arxiv;
}

std::string title_and_paper(const CatalogueRow& row) {
  const std::string paper = paper_of(row);
  return row.title + (paper.empty() ? "" : (row.title.empty() ? "" : " ") + ("(" + paper + ")"));
}

/// A default as a configuration has it: "[0.1, 1]", "{name: sgd, momentum: 0.9}".
std::string value_text(const Json& value) {
  if (value.is_null()) return "(required)";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_structured()) return value.dump();
  std::string parts;
  for (const auto& [key, part] : value.items()) {
    parts += (parts.empty() ? "" : ", ") + (value.is_object() ? key + ": " : "") + value_text(part);
  }
  return value.is_object() ? "{" + parts + "}" : "[" + parts + "]";
}

/// "preprocessing: shorter side 256, centre crop 224, bilinear".
std::string preprocessing_text(const PreprocessOptions& preprocessing) {
  return "preprocessing: shorter side " + std::to_string(preprocessing.resize[0]) + ", centre crop " +
         std::to_string(preprocessing.crop[0]) + ", " + to_string(preprocessing.interpolation);
}

std::string joined_facts(const std::vector<std::string>& facts) {
  std::string text;
  for (const std::string& fact : facts) text += (text.empty() ? "" : "; ") + fact;
  return text;
}

/// Of a network: "attention: se; resize 256, crop 224".
std::string short_facts_of(const CatalogueRow& row) {
  std::vector<std::string> facts;
  if (row.attention != "none") {
    facts.push_back("attention: " + row.attention);
  } else if (!row.traits.axis.empty()) {
    facts.push_back(joined_traits(row.traits.selects) + " attention, axis: " + joined_traits(row.traits.axis));
  }
  if (row.preprocessing) {
    facts.push_back("resize " + std::to_string(row.preprocessing->resize[0]) + ", crop " +
                    std::to_string(row.preprocessing->crop[0]));
  }
  return joined_facts(facts);
}

/// "gate; where: item; selects: soft; at: block (or stage)".
std::string facts_of(const CatalogueRow& row) {
  std::vector<std::string> facts;
  if (row.kind != "model") facts.push_back(row.kind);
  const std::pair<const char*, std::string> traits[] = {{"where", joined_traits(row.traits.where)},
                                                        {"selects", joined_traits(row.traits.selects)},
                                                        {"query", joined_traits(row.traits.query)},
                                                        {"axis", joined_traits(row.traits.axis)}};
  for (const auto& [trait, names] : traits) {
    if (!names.empty()) facts.push_back(std::string(trait) + ": " + names);
  }
  if (!row.at.empty()) {
    const std::string other = row.at.size() > 1 ? std::string(" (or ") + to_string(row.at[1]) + ")" : "";
    facts.push_back(std::string("at: ") + to_string(row.at[0]) + other);
  }
  if (!row.licence.empty()) facts.push_back(row.size + "; licence: " + row.licence + "; get it: " + row.obtain);
  if (!row.help.empty()) facts.push_back(row.help);
  if (!row.attention.empty() && row.attention != "none") facts.push_back("attention: " + row.attention);
  if (row.preprocessing) facts.push_back(preprocessing_text(*row.preprocessing));
  return joined_facts(facts);
}

std::string cost_text(const BlockCost& cost) {
  if (!cost.profile) return "does not fit the features: " + cost.mismatch;
  const auto& [channels, height, width] = cost.profile->in;
  return grouped_digits(cost.profile->parameters) + " parameters, " + grouped_digits(cost.profile->macs) +
         " multiply-adds with features [N, " + std::to_string(channels) + ", " + std::to_string(height) + ", " +
         std::to_string(width) + "]";
}

/// Every option: its key and default, then its sentence and range.
std::string full_options(const CatalogueRow& row) {
  std::string text;
  for (const FieldDescription& option : row.options) {
    const std::string key = row.section.empty() ? option.name : row.section + "." + option.name;
    text += "  " + wrapped_text(key + ": " + value_text(option.value), kTerminalColumns - kHelpIndent.size(), kHelpIndent) +
            "\n";
    text += paragraph(kHelpIndent, option.help + "; " + option.allowed);
  }
  return text;
}

/// "options: reduction_ratio 16, bias true".
std::string short_options(const CatalogueRow& row) {
  std::string text;
  for (const FieldDescription& option : row.options) {
    text += (text.empty() ? "options: " : ", ") + option.name + " " + value_text(option.value);
  }
  return text;
}

std::string heading_of(const CatalogueRow& row) {
  const std::string title = title_and_paper(row);
  return heading(row.name + (title.empty() ? "" : ": " + title));
}

std::string row_text(const CatalogueRow& row, bool in_full) {
  std::string text = heading_of(row) + paragraph("  ", row.summary) + paragraph("  ", facts_of(row));
  if (row.cost) text += paragraph("  ", cost_text(*row.cost));
  return text + (in_full ? full_options(row) : paragraph("  ", short_options(row)));
}

/// A section of a configuration, or an implementation that one of its keys selects.
std::string section_text(const CatalogueRow& row) {
  const bool is_section = row.kind == kSectionKind;
  return heading(is_section ? row.name + ": " + row.help : row.kind + ": " + row.name) + full_options(row);
}

/// Networks in a line each, below the paper of theirs.
std::string models_text(const std::vector<CatalogueRow>& rows) {
  std::size_t name_columns = 0;
  for (const CatalogueRow& row : rows) name_columns = std::max(name_columns, row.name.size());
  std::string text, paper;
  for (const CatalogueRow& row : rows) {
    if (const std::string own = title_and_paper(row); own != paper) {
      paper = own;
      text += (text.empty() ? "" : "\n") + heading(paper);
    }
    text += name_and_text(row.name, short_facts_of(row), name_columns);
  }
  return text + "\nfovea list models NAME: the options of a network\n";
}

/// Options that a configuration may set for every block.
constexpr const char* kCommonOptions =
    "every block also takes  at: its insertion point (default: the first one above)\n"
    "                        stages: numbers of the stages to insert it into\n"
    "                        (default: all)\n"
    "every gate also takes   init: standard, or identity: start as the identity,\n"
    "                        e.g. in a trained network\n";

}  // namespace

std::string catalogue_text(const std::vector<CatalogueRow>& rows, CatalogueKind listing, const CatalogueFilter& filter) {
  if (rows.empty()) return "no row has all of these traits\n";
  const bool is_named = !filter.name.empty();
  if (listing == CatalogueKind::models && !is_named) return models_text(rows);
  const bool in_full = is_named || listing != CatalogueKind::blocks;
  std::string text;
  for (const CatalogueRow& row : rows) {
    text += (text.empty() ? "" : "\n") + (is_section(listing) ? section_text(row) : row_text(row, in_full));
  }
  if (listing == CatalogueKind::blocks) text += std::string("\n") + kCommonOptions;
  if (!in_full) text += "fovea list blocks NAME: sentences and ranges of the options of one\n";
  return text;
}

std::string listings_text() {
  std::string text = "fovea list WHAT [NAME]\n\n";
  for (const ListingName& row : listing_names()) text += name_and_text(row.name, row.help, 13);
  return text;
}

std::string blocks_markdown(const std::vector<CatalogueRow>& rows) {
  std::string text =
      "| name | | kind | where | query | axis | parameters | multiply-adds | paper |\n"
      "|---|---|---|---|---|---|---:|---:|---|\n";
  for (const CatalogueRow& row : rows) {
    const auto& profile = row.cost->profile;
    const std::string paper = row.arxiv.empty() ? row.title + ", " + row.reference
                                                : "[" + row.title + "](https://arxiv.org/abs/" + row.arxiv + ")";
    text += "| `" + row.name + "`";
    for (const std::string& cell :
         {row.summary, row.kind, joined_traits(row.traits.where), joined_traits(row.traits.query),
          joined_traits(row.traits.axis), profile ? grouped_digits(profile->parameters) : std::string(),
          profile ? grouped_digits(profile->macs) : std::string(), paper}) {
      text += " | " + cell;
    }
    text += " |\n";
  }
  return text;
}

}  // namespace fovea
