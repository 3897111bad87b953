// Made by `decoupled bench --tune`: input channels, output channels, height and width of the result. Behind each the
// microseconds of winograd4, winograd6, direct with 2 threads.
#if X86_64_V3
  extension ConvolutionTable {
    static let measured: [ConvolutionShape: ConvolutionAlgorithm] = [
      ConvolutionShape(64, 64, 320, 320): .winograd6,  // 11041, 9796, 31082
      ConvolutionShape(64, 128, 160, 160): .winograd6,  // 4854, 4364, 15148
      ConvolutionShape(128, 128, 160, 160): .winograd6,  // 9541, 8396, 31253
      ConvolutionShape(128, 256, 80, 80): .winograd6,  // 5241, 4445, 15289
      ConvolutionShape(256, 256, 80, 80): .winograd6,  // 9964, 8352, 30558
      ConvolutionShape(256, 512, 40, 40): .winograd4,  // 4765, 4400, 15789
      ConvolutionShape(512, 512, 40, 40): .winograd4,  // 9266, 8516, 31598
      ConvolutionShape(512, 512, 20, 20): .winograd4,  // 2597, 3035, 7996
      ConvolutionShape(512, 256, 40, 40): .winograd4,  // 4909, 4076, 16157
      ConvolutionShape(256, 128, 80, 80): .winograd6,  // 5865, 4927, 15443
      ConvolutionShape(128, 64, 160, 160): .winograd6,  // 5454, 4718, 16623
      ConvolutionShape(64, 64, 224, 224): .winograd6,  // 5771, 4820, 15891
      ConvolutionShape(64, 128, 112, 112): .winograd6,  // 2478, 2115, 7514
      ConvolutionShape(128, 128, 112, 112): .winograd6,  // 4497, 3853, 15236
      ConvolutionShape(128, 256, 56, 56): .winograd6,  // 2521, 2158, 7682
      ConvolutionShape(256, 256, 56, 56): .winograd6,  // 4543, 4142, 15162
      ConvolutionShape(256, 512, 28, 28): .winograd4,  // 2217, 2100, 8250
      ConvolutionShape(512, 512, 28, 28): .winograd4,  // 4403, 4066, 16275
      ConvolutionShape(512, 512, 14, 14): .winograd4,  // 1471, 1676, 3771
      ConvolutionShape(512, 256, 28, 28): .winograd4,  // 2167, 2068, 8235
      ConvolutionShape(256, 128, 56, 56): .winograd6,  // 2274, 2116, 7533
      ConvolutionShape(128, 64, 112, 112): .winograd6,  // 2257, 1945, 7619
      ConvolutionShape(64, 64, 160, 160): .winograd6,  // 2620, 2203, 7858
      ConvolutionShape(64, 128, 80, 80): .winograd6,  // 1211, 1112, 3851
      ConvolutionShape(128, 128, 80, 80): .winograd6,  // 2182, 2029, 7622
      ConvolutionShape(128, 256, 40, 40): .winograd6,  // 1126, 995, 4000
      ConvolutionShape(256, 256, 40, 40): .winograd6,  // 2088, 1943, 7918
      ConvolutionShape(256, 512, 20, 20): .winograd4,  // 1125, 1352, 3928
      ConvolutionShape(512, 512, 10, 10): .winograd4,  // 931, 1117, 1991
      ConvolutionShape(512, 256, 20, 20): .winograd4,  // 1177, 1331, 4007
      ConvolutionShape(256, 128, 40, 40): .winograd6,  // 1085, 1024, 4003
      ConvolutionShape(128, 64, 80, 80): .winograd6,  // 1198, 1064, 3857
      ConvolutionShape(24, 48, 48, 48): .winograd6,  // 105, 88, 252
      ConvolutionShape(48, 64, 24, 24): .winograd4,  // 89, 86, 195
      ConvolutionShape(64, 96, 12, 12): .winograd6,  // 77, 43, 95
      ConvolutionShape(96, 128, 6, 6): .winograd4,  // 42, 49, 77
      ConvolutionShape(128, 96, 6, 6): .winograd4,  // 41, 49, 58
      ConvolutionShape(96, 64, 12, 12): .winograd6,  // 84, 42, 112
      ConvolutionShape(64, 48, 24, 24): .winograd6,  // 76, 70, 158
      ConvolutionShape(48, 24, 48, 48): .winograd4,  // 114, 116, 323
      ConvolutionShape(24, 24, 96, 96): .winograd6,  // 211, 193, 614
      ConvolutionShape(16, 16, 8, 8): .direct,  // 34, 34, 4
    ]
  }
#endif
