import ArgumentParser
import DecoupledBase
import DecoupledVision

/// `decoupled dataset compose`.
struct DatasetComposeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compose",
    abstract: "Compose a data set of cut-out objects on photographs; no object or background is in both train and test."
  )

  @Option(name: .customLong("class"), help: "A class as NAME=FOLDER of cut-outs with transparency; once per class.")
  var classes: [String]

  @Option(help: "A photograph or a folder of photographs as background; may be repeated.")
  var background: [String]

  @Option(help: "Leave out files whose path contains one of these words, with commas.")
  var exclude = ""

  @Option(help: "Folder for the data set (VOC layout).")
  var output: String

  @Option(help: "Training images.")
  var train = 300

  @Option(help: "Test images, as the set val.")
  var test = 100

  @Option(help: "Width and height of the images in pixels.")
  var size = 128

  @Option(help: "Most objects in one image.")
  var objects = 3

  @Option(help: "Least and largest size of a lone object, as shares of the image.")
  var smallest = 0.3

  @Option(help: "See --smallest.")
  var largest = 0.8

  @Option(help: "Masks per class in the list strong_N; may be repeated.")
  var strong: [Int] = [5]

  @Option(help: "Share of objects and backgrounds for testing.")
  var testShare = 0.3

  @Option(help: "Seed.")
  var seed: UInt64 = 1

  func run() throws {
    var settings = DatasetComposer.Settings()
    (settings.trainCount, settings.testCount) = (train, test)
    (settings.width, settings.height) = (size, size)
    guard objects >= 1 else { throw EngineError(.invalidArgument, "--objects must be at least 1, not \(objects).") }
    settings.objectsPerImage = 1...objects
    guard smallest > 0, smallest <= largest, largest <= 1 else {
      throw EngineError(
        .invalidArgument, "--smallest \(smallest) and --largest \(largest) must ascend between 0 and 1.")
    }
    settings.objectSize = smallest...largest
    settings.strongPerClass = strong
    settings.seed = seed
    let composer = try DatasetComposer.fromFolders(
      cutOuts: try classes.map { text in
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
          throw EngineError(.invalidArgument, "--class needs NAME=FOLDER, not '\(text)'.")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
      },
      backgrounds: background, excluding: exclude.split(separator: ",").map(String.init), testShare: testShare,
      settings: settings)
    try composer.compose(into: output) { done, total in
      Console.progress("\(done)/\(total) images")
      return true
    }
    Console.endProgress()
    print(output)
  }
}
