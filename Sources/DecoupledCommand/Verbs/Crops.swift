import ArgumentParser
import DecoupledProposals
import DecoupledNetworks
import DecoupledVision

/// `decoupled crops`: the windows of combinatorial cropping, made ahead as an official list.
struct Crops: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the training windows of combinatorial cropping (paper, section 5) as an official list.",
    discussion:
      "Lines are 'image mask x1 y1 x2 y2' and a bit per class; train segmentation takes them with --list. All settings "
      + "of segmentation.cropping in a configuration hold here too.")

  @Option(help: "Data set with masks.")
  var data: String

  @OptionGroup var reading: DataOptions

  @Option(help: "Image set; train when there is one, else all images.")
  var set: String?

  @Option(help: "List of images whose masks may be used, such as strong_5; all masks of the set when left out.")
  var strong: String?

  @Option(help: "Configuration file (YAML), of which segmentation.cropping is used.")
  var config: String?

  @Option(
    name: .customLong("set-value"),
    help: "A setting of the cropping over the configuration file, such as windows_per_subset=50 or proposals.share=0.3."
  )
  var overrides: [String] = []

  @Option(help: "Seed of the windows; that of the configuration when left out.")
  var seed: UInt64?

  @Option(help: "Folder that the paths of the list begin at; the data set's when left out.")
  var root: String?

  @Option(help: "List to write.")
  var output: String

  @Option(help: "Picture to write: windows from all over the list.")
  var contactSheet: String?

  func run() throws {
    let recipe = try Recipe.read(config, overrides: overrides.map { "segmentation.cropping.\($0)" })
    let segmentation = recipe.phases[RecipePhases.Section<SegmentationSettings>(name: "segmentation")]
    let settings = segmentation.cropping
    let dataset = try reading.open(data, set: set, purpose: "train", strong: strong)
    let generator = CropGenerator(
      cropping: try settings.cropping(), proposals: try settings.proposals?.proposer(from: EdgeBoxesSource()),
      seed: seed ?? segmentation.seed)
    var preview = try CropPreview()
    let count = try generator.write(
      dataset, root: root ?? VOCDataset.root(in: data) ?? data, to: output,
      warn: { sentence in
        Console.endProgress()
        Console.note(sentence)
      },
      visit: { number, image, mask, crop in
        if contactSheet != nil { try preview.add(number: number, image: image, mask: mask, crop: crop) }
      },
      progress: { done, total in
        Console.progress("\(done)/\(total) images")
        return true
      })
    Console.endProgress()
    let masks = strong.map { ", masks of '\($0)'" } ?? ""
    print("\(output): \(count) windows of \(reading.chosenImages(data, set, "train"))\(masks)")
    if let contactSheet {
      try JPEGWriter.write(try preview.sheet(), to: contactSheet)
      print("\(contactSheet): contact sheet")
    }
  }
}
