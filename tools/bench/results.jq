# From rows with their runs to the results table in Markdown. Input: {rows: [{id, group, network, attention, command, runs}]},
# where runs are the summary.json of each seed that was trained.

def places($digits): (. * pow(10; $digits) | round) as $scaled
  | ($scaled | fabs | tostring | ("0" * ($digits + 1 - length) // "") + .) as $text
  | (if $scaled < 0 then "-" else "" end) + $text[:-$digits] + "." + $text[-$digits:];
def signed: places(4) | if startswith("-") then . else "+" + . end;
def mean: add / length;
def range: max - min;
def thousands: tostring | [while(length > 0; .[:-3]) | .[-3:]] | reverse | join(" ");
def minutes: if . < 90 then "\(round) s" else "\(. / 60 | round) min" end;

def accuracies: [.runs[].test.top1];
# The largest range over seeds in a group; null where no row has two.
def seed_noise: [.[] | accuracies | select(length > 1) | range] | max;

def accuracy_cell: accuracies | if length == 0 then "not trained yet"
  elif length == 1 then "**\(.[0] | places(4))**"
  else "**\(mean | places(4))** (\(min | places(4)) to \(max | places(4)), \(length) seeds)" end;

def difference_cell($baseline; $noise):
  if .id == $baseline.id or .runs == [] or $baseline.runs == [] then ""
  else ((accuracies | mean) - ($baseline | accuracies | mean)) as $difference
    | ($difference | signed)
      + (if $noise == null then ", seed noise unknown"
         elif ($difference | fabs) <= $noise + 1e-9 then ", within seed noise"
         else "" end)
  end;

def row_cells($baseline; $noise): [
  .group, .network, .attention, accuracy_cell, difference_cell($baseline; $noise),
  (.runs[0].parameters // "" | thousands),
  (.runs[0].macs // "" | if . == "" then "" else "\(. / 1e6 | places(1)) million" end),
  (if .runs == [] then "" else [.runs[].seconds] | mean | minutes end),
  "`\(.command)`"];

(["data", "network", "attention", "test top-1", "against the group's first", "parameters", "multiply-adds", "training", "command"]
  | "| " + join(" | ") + " |", "|" + ("---|" * length)),
(.rows as $rows
  | $rows[]
  | . as $row
  | [$rows[] | select(.group == $row.group)] as $group
  | row_cells($group[0]; $group | seed_noise)
  | "| " + join(" | ") + " |")
