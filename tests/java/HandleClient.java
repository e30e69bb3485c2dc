import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.List;
import net.handle.hdllib.*;

/** CNRI's own library: asks a server over both transports (`ask PORT HANDLE…`), or a site as a client does (`site PORT HANDLE…`), writes messages (`write`), or answers challenges (`answer`). */
public class HandleClient {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("ask")) ask(Integer.parseInt(args[1]), args);
    else if (args[0].equals("site")) site(Integer.parseInt(args[1]), args);
    else if (args[0].equals("answer")) answer();
    else write();
    System.exit(0);
  }

  /** A line for each answer: transport, response code, algorithm of the request's digest, values. */
  static void ask(int port, String[] args) throws Exception {
    HandleResolver resolver = new HandleResolver();
    InetAddress host = InetAddress.getByName("127.0.0.1");
    for (String transport : new String[] {"UDP", "TCP"})
      for (int i = 2; i < args.length; i++) {
        ResolutionRequest request = new ResolutionRequest(bytes(args[i]), null, null, null);
        speakNewest(request);
        request.returnRequestDigest = true;
        AbstractResponse answer = transport.equals("UDP")
            ? resolver.sendHdlUdpRequest(request, host, port)
            : resolver.sendHdlTcpRequest(request, host, port);
        List<String> said = new ArrayList<>();
        said.add(transport + " " + answer.responseCode + " " + answer.rdHashType);
        if (answer instanceof ResolutionResponse)
          for (HandleValue value : ((ResolutionResponse) answer).getHandleValues())
            said.add(value.getIndex() + " " + new String(value.getType(), StandardCharsets.UTF_8) + " " + value.getData().length);
        System.out.println(String.join("|", said));
      }
  }

  /** A line for each answer of a site that offers UDP and TCP: response code, and the bytes of the first value. */
  static void site(int port, String[] args) throws Exception {
    HandleResolver resolver = new HandleResolver();
    ServerInfo server = new ServerInfo();
    server.serverId = 1;
    server.ipAddress = new byte[16];
    server.ipAddress[12] = 127;
    server.ipAddress[15] = 1;
    server.interfaces = new Interface[] {
      new Interface(Interface.ST_QUERY, Interface.SP_HDL_UDP, port),
      new Interface(Interface.ST_QUERY, Interface.SP_HDL_TCP, port),
    };
    SiteInfo site = new SiteInfo();
    site.servers = new ServerInfo[] {server};
    for (int i = 2; i < args.length; i++) {
      ResolutionRequest request = new ResolutionRequest(bytes(args[i]), null, null, null);
      speakNewest(request);
      AbstractResponse answer = resolver.sendRequestToSite(request, site);
      String bytes = answer instanceof ResolutionResponse
          ? " " + ((ResolutionResponse) answer).getHandleValues()[0].getData().length
          : "";
      System.out.println(answer.responseCode + bytes);
    }
  }

  /** A line for each message without its envelope: name and hex. */
  static void write() throws Exception {
    byte[] handle = bytes("88.608.8889/App_x");
    byte[] user = bytes("88.608.8889/admin");
    HandleValue url = new HandleValue(1, bytes("URL"), bytes("https://example.com/p/1"), HandleValue.TTL_TYPE_RELATIVE, 86400, 1700000000, null, true, true, true, false);
    HandleValue[] values = {url};
    byte[] nonce = new byte[16];
    print("create", new CreateHandleRequest(handle, values, null));
    print("delete", new DeleteHandleRequest(handle, null));
    print("addValue", new AddValueRequest(handle, values, null));
    print("modifyValue", new ModifyValueRequest(handle, values, null));
    print("removeValue", new RemoveValueRequest(handle, new int[] {1, 2000}, null));
    print("listHandles", new ListHandlesRequest(bytes("0.NA/88.608.8889"), null));
    print("home", new GenericRequest(bytes("0.NA/88.608.8889"), AbstractMessage.OC_HOME_NA, null));
    print("unhome", new GenericRequest(bytes("0.NA/88.608.8889"), AbstractMessage.OC_UNHOME_NA, null));
    print("getSiteInfo", new GenericRequest(bytes("/"), AbstractMessage.OC_GET_SITE_INFO, null));
    print("sessionTerminate", new GenericRequest(bytes("/"), AbstractMessage.OC_SESSION_TERMINATE, null));
    print("resolve", new ResolutionRequest(handle, new byte[][] {bytes("URL")}, new int[] {1}, null));
    print("challengeResponse", new ChallengeAnswerRequest(bytes("HS_PUBKEY"), user, 300, new byte[] {1, 2}, null));
    print("verifyResponse", new VerifyAuthRequest(user, nonce, new byte[20], (byte) 2, new byte[] {3}, 300, null));
    print("sessionExchangeKey", new SessionExchangeKeyRequest(new byte[] {4, 5, 6}));
    ErrorResponse refused = new ErrorResponse(AbstractMessage.OC_RESOLUTION, AbstractMessage.RC_HANDLE_NOT_FOUND, bytes("none"));
    print("handleNotFound", refused);
  }

  /** A line for each kind of key: its name, the key, the digest's code, the request, the nonce, the digest, the answer. */
  static void answer() throws Exception {
    byte[] user = bytes("88.608.8889/admin");
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    byte[] secret = bytes("s3cret-test");
    answer("HS_SECKEY", secret, new SecretKeyAuthenticationInfo(user, 300, secret));
    answer("HS_PUBKEY", Util.getBytesFromPublicKey(pair.getPublic()), new PublicKeyAuthenticationInfo(user, 300, pair.getPrivate()));
  }

  static void answer(String name, byte[] key, AuthenticationInfo user) throws Exception {
    DeleteHandleRequest request = new DeleteHandleRequest(bytes("88.608.8889/App_x"), user);
    speakNewest(request);
    ChallengeResponse challenge = new ChallengeResponse(request);
    speakNewest(challenge);
    byte[] answer = user.authenticate(challenge, request);
    String parts = challenge.rdHashType + " " + hex(request.getEncodedMessageBody()) + " " + hex(challenge.nonce) + " " + hex(challenge.requestDigest);
    System.out.println(name + " " + hex(key) + " " + parts + " " + hex(answer));
  }

  /** Without a site's information the library begins with the oldest version that it accepts. */
  static void speakNewest(AbstractMessage message) {
    message.majorProtocolVersion = Common.MAJOR_VERSION;
    message.minorProtocolVersion = Common.MINOR_VERSION;
  }

  static void print(String name, AbstractMessage message) throws Exception {
    System.out.println(name + " " + hex(message.getEncodedMessage()));
  }

  static String hex(byte[] bytes) {
    StringBuilder hex = new StringBuilder();
    for (byte each : bytes) hex.append(String.format("%02x", each));
    return hex.toString();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
