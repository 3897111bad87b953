// Made by `decoupled bench --tune`: input channels, output channels, height and width of the result. Behind each the
// microseconds of winograd4, winograd6, direct with 2 threads.
#if X86_64_V3
  extension ConvolutionTable {
    static let measured: [ConvolutionShape: ConvolutionAlgorithm] = [
      ConvolutionShape(64, 64, 320, 320): .winograd6,  // 10999, 9353, 31270
      ConvolutionShape(64, 128, 160, 160): .winograd6,  // 4538, 3977, 14926
      ConvolutionShape(128, 128, 160, 160): .winograd6,  // 8889, 8217, 30990
      ConvolutionShape(128, 256, 80, 80): .winograd6,  // 5116, 4224, 15426
      ConvolutionShape(256, 256, 80, 80): .winograd6,  // 9634, 8255, 30201
      ConvolutionShape(256, 512, 40, 40): .winograd4,  // 4344, 4113, 15803
      ConvolutionShape(512, 512, 40, 40): .winograd4,  // 8617, 7800, 31212
      ConvolutionShape(512, 512, 20, 20): .winograd4,  // 2252, 2599, 7782
      ConvolutionShape(512, 256, 40, 40): .winograd4,  // 4418, 4074, 15641
      ConvolutionShape(256, 128, 80, 80): .winograd6,  // 5256, 4427, 15390
      ConvolutionShape(128, 64, 160, 160): .winograd6,  // 5369, 4410, 16056
      ConvolutionShape(64, 64, 224, 224): .winograd6,  // 5493, 4632, 15327
      ConvolutionShape(64, 128, 112, 112): .winograd6,  // 2391, 2021, 7437
      ConvolutionShape(128, 128, 112, 112): .winograd6,  // 4675, 3886, 14792
      ConvolutionShape(128, 256, 56, 56): .winograd6,  // 2155, 1931, 7530
      ConvolutionShape(256, 256, 56, 56): .winograd6,  // 4438, 3867, 14704
      ConvolutionShape(256, 512, 28, 28): .winograd4,  // 1947, 1969, 8013
      ConvolutionShape(512, 512, 28, 28): .winograd4,  // 4228, 4081, 16062
      ConvolutionShape(512, 512, 14, 14): .winograd4,  // 1416, 1765, 3633
      ConvolutionShape(512, 256, 28, 28): .winograd4,  // 2021, 2082, 7913
      ConvolutionShape(256, 128, 56, 56): .winograd4,  // 2016, 1944, 7402
      ConvolutionShape(128, 64, 112, 112): .winograd6,  // 2210, 1902, 7456
      ConvolutionShape(64, 64, 160, 160): .winograd6,  // 2429, 2072, 7673
      ConvolutionShape(64, 128, 80, 80): .winograd6,  // 1098, 1009, 3790
      ConvolutionShape(128, 128, 80, 80): .winograd6,  // 2164, 2011, 7586
      ConvolutionShape(128, 256, 40, 40): .winograd6,  // 998, 923, 3935
      ConvolutionShape(256, 256, 40, 40): .winograd6,  // 2090, 1920, 7755
      ConvolutionShape(256, 512, 20, 20): .winograd4,  // 1040, 1257, 3879
      ConvolutionShape(512, 512, 10, 10): .winograd4,  // 903, 1142, 1911
      ConvolutionShape(512, 256, 20, 20): .winograd4,  // 1068, 1261, 3925
      ConvolutionShape(256, 128, 40, 40): .winograd6,  // 1011, 937, 3922
      ConvolutionShape(128, 64, 80, 80): .winograd6,  // 1118, 1025, 3858
      ConvolutionShape(24, 48, 48, 48): .winograd6,  // 69, 63, 213
      ConvolutionShape(48, 64, 24, 24): .winograd6,  // 50, 42, 157
      ConvolutionShape(64, 96, 12, 12): .winograd4,  // 26, 25, 80
      ConvolutionShape(96, 128, 6, 6): .winograd4,  // 23, 29, 35
      ConvolutionShape(128, 96, 6, 6): .winograd4,  // 24, 30, 46
      ConvolutionShape(96, 64, 12, 12): .winograd6,  // 27, 26, 73
      ConvolutionShape(64, 48, 24, 24): .winograd6,  // 47, 40, 147
      ConvolutionShape(48, 24, 48, 48): .winograd4,  // 85, 81, 279
      ConvolutionShape(24, 24, 96, 96): .winograd6,  // 197, 151, 587
      ConvolutionShape(16, 16, 8, 8): .winograd4,  // 3, 4, 4
    ]
  }
#endif
