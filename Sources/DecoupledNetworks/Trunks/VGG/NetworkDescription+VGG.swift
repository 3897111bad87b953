extension NetworkDescription {
  /// Height and width of the class score map behind the stages of a VGG and fc6.
  var scoreMapSize: Int { (inputSize >> stages) - fc6Kernel + 1 }
}
