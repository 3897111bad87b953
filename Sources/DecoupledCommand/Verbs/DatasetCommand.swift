import ArgumentParser
import DecoupledBase
import DecoupledVision

/// `decoupled dataset`: look at, split and compose data sets.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Check, describe, split, convert and compose data sets.",
    subcommands: [
      DatasetCheckCommand.self, DatasetStatsCommand.self, DatasetSplitCommand.self, DatasetConvertCommand.self,
      DatasetComposeCommand.self,
    ])
}

/// `decoupled dataset check`.
struct DatasetCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Count labels and sizes; report missing, unreadable and unfitting files.")

  @Argument(help: "Data set folder.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set; all sets that the data set lists when left out.")
  var set: String?

  @Option(help: "List of images whose masks may be used, for the training set.")
  var strong: String?

  @Flag(help: "Take image-level labels from the masks instead of the lists.")
  var labelsFromMasks = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let options = try reading.options(set: set, strong: strong, labelsFromMasks: labelsFromMasks)
    let report = try DatasetCheck.run(data, options: options) { done, total in
      Console.progress("\(done)/\(total) images")
      return true
    }
    Console.endProgress()
    print(json ? try report.json() : report.text)
    if !report.problems.isEmpty { throw ExitCode(1) }
  }
}

/// `decoupled dataset stats`.
struct DatasetStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Count images and pixels of each class and which classes occur together; draw both.")

  @Argument(help: "Data set folder.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set; train when there is one, else all images.")
  var set: String?

  @Option(help: "List of images whose masks may be used.")
  var strong: String?

  @Option(help: "Folder for histogram.png, cooccurrence.png and statistics.json; nothing is written when left out.")
  var output: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let dataset = try reading.open(data, set: set, purpose: "train", strong: strong)
    let statistics = try DatasetStatistics(dataset) { done, total in
      Console.progress("\(done)/\(total) images")
      return true
    }
    Console.endProgress()
    Console.note("Counted \(reading.chosenImages(data, set, "train")).")
    print(json ? try statistics.json() : statistics.text)
    guard let output else { return }
    try FileAccess.makeFolder(output)
    let names = ["histogram.png", "cooccurrence.png", "statistics.json"].map { FilePaths.join(output, $0) }
    try PNGWriter.write(try statistics.histogram(), to: names[0])
    try PNGWriter.write(try statistics.cooccurrence(), to: names[1])
    try FileAccess.write(text: try statistics.json() + "\n", to: names[2])
    Console.note("Wrote \(names.joined(separator: ", ")).")
  }
}

/// `decoupled dataset split`.
struct DatasetSplitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split", abstract: "Choose the images whose masks may be used: so many per class.")

  @Argument(help: "Data set folder.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set to choose from; train when there is one, else all images.")
  var set: String?

  @Option(help: "Masks per class: 5, 10 and 25 in the paper.")
  var strong: Int

  @Option(help: "Seed of the choice.")
  var seed: UInt64 = 1

  @Option(help: "List to write; standard output when left out.")
  var output: String?

  func run() throws {
    let dataset = try reading.open(data, set: set, purpose: "train")
    let ids = try DatasetSplit.strong(dataset, perClass: strong, seed: seed)
    let text = ids.joined(separator: "\n") + "\n"
    guard let output else { return print(text, terminator: "") }
    try FileAccess.write(text: text, to: output)
    Console.note(
      "\(output): \(ids.count) of \(dataset.items.count) images: \(strong) masks per class where there are as many")
  }
}

/// `decoupled dataset convert`.
struct DatasetConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write a set of any layout as a VOC tree: photos, palette PNG masks and lists.")

  @Argument(help: "Data set folder.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set; train when there is one, else all images.")
  var set: String?

  @Flag(help: "Take image-level labels from the masks instead of the lists.")
  var labelsFromMasks = false

  @Option(help: "Name of the set in the new tree.")
  var name = "train"

  @Option(help: "Folder for the tree; a set may be added to one that is there.")
  var output: String

  func run() throws {
    let dataset = try reading.open(data, set: set, purpose: "train", labelsFromMasks: labelsFromMasks)
    try VOCWriter.write(dataset, set: name, to: output) { done, total in
      Console.progress("\(done)/\(total) images")
      return true
    }
    Console.endProgress()
    print(output)
  }
}
