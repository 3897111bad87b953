import DecoupledBase
import DecoupledVision
import FoundationEssentials

extension WeightImport {
  /// Key in the metadata of safetensors files under which `decoupled export` writes how images are fed.
  static let preprocessingKey = "preprocessing"

  /// How the network of a file was fed: as the file says, else as the caller says.
  static func preprocessing(of file: WeightFile, _ options: Options) throws -> Preprocessing {
    let path = file.path
    let given = try given(options)
    if let stated = try stated(file) {
      // A mean image refines what a Caffe network says; anything else contradicts it.
      guard let given, given != stated, options.mean == nil else { return given ?? stated }
      throw EngineError(
        .invalidArgument,
        "'\(path)' says how its input is made, and not as '\(options.preprocessing ?? "")'; leave it out.")
    }
    if let preprocessing = given ?? options.described { return preprocessing }
    throw EngineError(
      .invalidArgument,
      "'\(path)' does not say how its network was fed; give --preprocessing caffe (BGR minus mean) or torchvision (RGB, normalised)."
    )
  }

  private static func given(_ options: Options) throws -> Preprocessing? {
    if let mean = options.mean {
      guard options.preprocessing != "torchvision" else {
        throw EngineError(.invalidArgument, "A mean image belongs to Caffe's preprocessing, not to torchvision's.")
      }
      return try CaffeMean.read(mean)
    }
    switch options.preprocessing {
    case "caffe": return .caffe
    case "torchvision": return .torchvision
    case let other?:
      throw EngineError(.invalidArgument, "There is no preprocessing '\(other)'; choose caffe or torchvision.")
    case nil: return nil
    }
  }

  private static func stated(_ file: WeightFile) throws -> Preprocessing? {
    if file.metadata[ModelFile.key] != nil {
      return try ModelFile.description(in: file.metadata, of: file.path).preprocessing
    }
    if let text = file.metadata[preprocessingKey] {
      do { return try JSONDecoder().decode(Preprocessing.self, from: Data(text.utf8)) } catch {
        throw EngineError(
          .format, "The preprocessing in '\(file.path)' is damaged: \(JSONProblem.sentence(error))")
      }
    }
    return file.net?.statedPreprocessing
  }
}
