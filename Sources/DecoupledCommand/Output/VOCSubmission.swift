import DecoupledBase
import DecoupledNetworks
import DecoupledVision

/// The files that the VOC test server takes: `results/VOC2012/Segmentation/<competition>_<set>_cls/<id>.png` in a tar archive.
struct VOCSubmission {
  /// Photos of the set.
  let images: [String]
  /// Where the label maps go.
  let folder: String
  private let classes: ClassList
  private let ids: [String]
  private let output: String
  private let name: String
  private let inside: String

  init(data: String, set: String, competition: String, output: String) throws {
    let dataset = try Dataset.open(data, options: VOCSubmission.options(set))
    images = dataset.items.map(\.imagePath)
    ids = dataset.items.map(\.id)
    classes = dataset.classes
    self.output = output
    name = "\(competition)_\(set)_cls"
    inside = "results/VOC2012/Segmentation/\(name)"
    folder = FilePaths.join(output, inside)
    for (id, image) in zip(ids, images) where FilePaths.stem(of: image) != id {
      throw EngineError(.invalidArgument, "The photo '\(image)' is not named after its id '\(id)'.")
    }
  }

  private static func options(_ set: String) -> Dataset.Options {
    var options = Dataset.Options(set: set)
    options.kind = .voc
    return options
  }

  /// - Throws: unless the model has the data set's classes in the same order, which ids stand for.
  func check(_ model: Model) throws {
    guard model.classNames == classes.names else {
      throw EngineError(
        .invalidArgument,
        "The model's classes (\(model.classNames.joined(separator: ", "))) are not those of the data set in their order, so its ids would mean other classes."
      )
    }
  }

  /// Writes the archive and gives its path.
  func pack() throws -> String {
    let archive = FilePaths.join(output, "\(name).tar")
    try TarWriter.write(ids.map { "\(inside)/\($0).png" }, in: output, to: archive)
    return archive
  }
}
